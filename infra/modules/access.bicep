// Who may do what, all in one place. docs/guides/security.md has the same table with the reasons.

@description('Name of the account with the state of the app.')
param stateAccountName string

@description('Name of the account with raw data; the same when there is only one.')
param rawAccountName string

@description('Name of the vault.')
param vaultName string

@description('Name of the App Configuration store.')
param configurationName string

@description('Object id of the identity of the app.')
param appPrincipalId string

@description('Object id of the group that sets secrets; empty for none.')
param secretOfficersGroupId string

@description('Object id of the group that reads and erases raw data; empty for none.')
param dataOfficersGroupId string

var storageBlobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
var storageBlobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var storageQueueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
var storageTableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
var keyVaultSecretsUser = '4633458b-17de-408a-b874-0445c86b69e6'
var keyVaultSecretsOfficer = 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'
var appConfigurationDataReader = '516239f1-63e1-4d78-a4de-a74fb236a071'

resource state 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: stateAccountName
}

resource raw 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: rawAccountName
}

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' existing = {
  name: vaultName
}

resource configuration 'Microsoft.AppConfiguration/configurationStores@2024-05-01' existing = {
  name: configurationName
}

// The Functions host keeps its leases and the deployment package in blobs and wants to own them.
resource appOwnsBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: state
  name: guid(state.id, appPrincipalId, storageBlobDataOwner)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataOwner)
  }
}

resource appUsesQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: state
  name: guid(state.id, appPrincipalId, storageQueueDataContributor)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageQueueDataContributor)
  }
}

resource appUsesTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: state
  name: guid(state.id, appPrincipalId, storageTableDataContributor)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageTableDataContributor)
  }
}

resource appWritesRaw 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (rawAccountName != stateAccountName) {
  scope: raw
  name: guid(raw.id, appPrincipalId, storageBlobDataContributor)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
  }
}

resource appReadsSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, appPrincipalId, keyVaultSecretsUser)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsUser)
  }
}

resource appReadsSettings 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: configuration
  name: guid(configuration.id, appPrincipalId, appConfigurationDataReader)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', appConfigurationDataReader)
  }
}

resource officersSetSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(secretOfficersGroupId)) {
  scope: vault
  name: guid(vault.id, secretOfficersGroupId, keyVaultSecretsOfficer)
  properties: {
    principalId: secretOfficersGroupId
    principalType: 'Group'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsOfficer)
  }
}

resource officersEraseRaw 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(dataOfficersGroupId)) {
  scope: raw
  name: guid(raw.id, dataOfficersGroupId, storageBlobDataContributor)
  properties: {
    principalId: dataOfficersGroupId
    principalType: 'Group'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
  }
}

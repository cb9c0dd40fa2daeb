// The function app on Flex Consumption. Every function scales on its own: HTTP together, Durable together, each queue and
// timer for itself. What an instance may do at once stands in host.json.

@description('Region of the app.')
param location string

@description('Name of the app; also of its address, so it is unique in the world.')
param name string

@description('Name of the plan.')
param planName string

@description('Name of the identity of the app.')
param identityName string

@description('Name of the account with the state of the app and the deployment package.')
param stateAccountName string

@description('Name of the account with raw data; the same when there is only one.')
param rawAccountName string

@description('Container of the deployment package.')
param packageContainer string

@description('Address of the vault.')
param vaultUrl string

@description('Address of the App Configuration store.')
param configurationEndpoint string

@description('Name of the Application Insights component.')
param insightsName string

@description('Subnet that the app calls out from.')
param subnetId string

@description('Memory of an instance in MB.')
@allowed([
  512
  2048
  4096
])
param instanceMemoryMb int

@description('Instances at most, of each scaling group.')
@minValue(1)
@maxValue(1000)
param maximumInstances int

@description('What is kept warm: { name, instanceCount } each; name is http, durable or function:<name>.')
param alwaysReady array

@description('Application (client) id for the sign-in of people; empty for function keys alone.')
param signInClientId string

@description('Tags of every resource.')
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: identityName
}

resource state 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: stateAccountName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
  }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'api' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identity.id}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: 'Enabled'
    virtualNetworkSubnetId: subnetId
    vnetRouteAllEnabled: true
    keyVaultReferenceIdentity: identity.id
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${state.properties.primaryEndpoints.blob}${packageContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      runtime: {
        name: 'python'
        version: '3.11'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMb
        maximumInstanceCount: maximumInstances
        alwaysReady: alwaysReady
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
    }
  }
}

// Publishing goes with an Entra identity; the passwords of older ways are off.
resource ftpPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'ftp'
  properties: {
    allow: false
  }
}

resource publishPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'scm'
  properties: {
    allow: false
  }
}

var rawSettings = rawAccountName == stateAccountName ? {} : {
  PORTAGE_STORAGE__accountName: rawAccountName
  PORTAGE_STORAGE__credential: 'managedidentity'
  PORTAGE_STORAGE__clientId: identity.properties.clientId
}

// No secret is among them: what is one lies in the vault, and the app reads it there by its identity.
resource appSettings 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: app
  name: 'appsettings'
  properties: union(rawSettings, {
    AzureWebJobsStorage__accountName: stateAccountName
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__clientId: identity.properties.clientId
    AZURE_CLIENT_ID: identity.properties.clientId
    APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
    PORTAGE_APP_CONFIG_ENDPOINT: configurationEndpoint
    PORTAGE_KEY_VAULT_URL: vaultUrl
  })
}

// People sign in, so that what they do bears their name; what admits a call, theirs too, is the function key.
resource signIn 'Microsoft.Web/sites/config@2024-04-01' = if (!empty(signInClientId)) {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: true
    }
    globalValidation: {
      requireAuthentication: false
      unauthenticatedClientAction: 'AllowAnonymous'
    }
    httpSettings: {
      requireHttps: true
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: signInClientId
          openIdIssuer: '${environment().authentication.loginEndpoint}${subscription().tenantId}/v2.0'
        }
        validation: {
          allowedAudiences: [
            signInClientId
            'api://${signInClientId}'
          ]
        }
      }
    }
    login: {
      tokenStore: {
        enabled: false
      }
    }
  }
}

output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'

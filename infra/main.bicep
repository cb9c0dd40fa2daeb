// Portage on Azure. Deployed into a resource group; docs/guides/deployment.md goes through it step by step.
targetScope = 'resourceGroup'

@description('Name of the environment: dev, test, prod, or what azd calls it.')
@minLength(1)
@maxLength(40)
param environmentName string

@description('Region of everything; it has to offer Flex Consumption.')
param location string

@description('Feature flags: { plan, enabled } each.')
param plans array

@description('Settings in App Configuration: { name, value } each. No secret belongs here.')
param settings array = []

@description('Whether flags and settings are written; false leaves those that operators have changed as they are.')
param writeConfiguration bool = true

@description('Whether raw data, rows and files have a storage account of their own.')
param separateRawAccount bool = false

@description('Whether storage and vault are reached by private endpoints alone.')
param privateEndpoints bool = false

@description('Redundancy of the storage accounts.')
@allowed([
  'Standard_LRS'
  'Standard_ZRS'
  'Standard_GRS'
  'Standard_GZRS'
])
param storageSku string = 'Standard_ZRS'

@description('Days after which raw answers are deleted. No run that read them may be open by then.')
@minValue(7)
param rawRetentionDays int = 90

@description('Days after which receipts, reports and notes of runs are deleted. No such run may be open by then.')
@minValue(30)
param workRetentionDays int = 365

@description('Days after which rows are deleted; they are made again of raw answers when needed.')
@minValue(1)
param rowsRetentionDays int = 14

@description('Days after which files are deleted here.')
@minValue(7)
param mediaRetentionDays int = 30

@description('Days for which deleted blobs can be had back; erasure is final after them.')
@minValue(1)
@maxValue(365)
param undeleteDays int = 7

@description('Days for which deleted secrets can be had back.')
@minValue(7)
@maxValue(90)
param vaultUndeleteDays int = 90

@description('Days for which logs, traces and metrics are kept.')
@minValue(30)
@maxValue(730)
param telemetryRetentionDays int = 90

@description('GB of telemetry per day at most; -1 for no limit.')
param telemetryDailyCapGb int = 5

@description('Memory of an instance in MB.')
@allowed([
  512
  2048
  4096
])
param instanceMemoryMb int = 2048

@description('Instances at most, of each scaling group.')
@minValue(1)
@maxValue(1000)
param maximumInstances int = 40

@description('What is kept warm: { name, instanceCount } each; name is http, durable or function:<name>.')
param alwaysReady array = [
  {
    name: 'durable'
    instanceCount: 1
  }
]

@description('Public addresses of people who set secrets or erase raw data; storage and vault let them in.')
param operatorAddresses array = []

@description('Object id of the Entra group that sets secrets; empty for none.')
param secretOfficersGroupId string = ''

@description('Object id of the Entra group that reads and erases raw data; empty for none.')
param dataOfficersGroupId string = ''

@description('Application (client) id for the sign-in of people; empty for function keys alone.')
param signInClientId string = ''

@description('Addresses that alerts are mailed to.')
param alertEmails array = []

@description('Whether alert rules are in force.')
param alertsEnabled bool = true

@description('Address space of the virtual network.')
param addressSpace string = '10.86.0.0/24'

@description('Part of it for the app.')
param appPrefix string = '10.86.0.0/26'

@description('Part of it for private endpoints.')
param endpointPrefix string = '10.86.0.64/26'

var token = uniqueString(resourceGroup().id, environmentName)
var label = 'portage-${environmentName}'
var tags = {
  'azd-env-name': environmentName
  workload: 'portage'
}
var packageContainer = 'app-package'
var stateTables = [
  'runs'
  'locks'
  'bindings'
  'ledger'
  'progress'
  'deadletters'
  'sharedrows'
  'tombstones'
]
var idMapTables = [for one in plans: 'idmap${replace(one.plan, '_', '')}']
var dataContainers = [
  'raw'
  'rows'
  'media'
  'receipts'
  'reports'
  'cuts'
  'cursors'
  'requeued'
]
var dataRetention = [
  {
    name: 'raw'
    prefixes: [
      'raw/'
    ]
    days: rawRetentionDays
  }
  {
    name: 'work'
    prefixes: [
      'receipts/'
      'reports/'
      'cuts/'
      'cursors/'
      'requeued/'
    ]
    days: workRetentionDays
  }
  {
    name: 'rows'
    prefixes: [
      'rows/'
    ]
    days: rowsRetentionDays
  }
  {
    name: 'media'
    prefixes: [
      'media/'
    ]
    days: mediaRetentionDays
  }
]

module identity 'modules/identity.bicep' = {
  name: 'identity'
  params: {
    location: location
    name: 'id-${label}'
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    location: location
    workspaceName: 'log-${label}'
    insightsName: 'appi-${label}'
    retentionDays: telemetryRetentionDays
    dailyCapGb: telemetryDailyCapGb
    tags: tags
  }
}

module network 'modules/network.bicep' = {
  name: 'network'
  params: {
    location: location
    name: label
    addressSpace: addressSpace
    appPrefix: appPrefix
    endpointPrefix: endpointPrefix
    tags: tags
  }
}

module state 'modules/storage.bicep' = {
  name: 'state'
  params: {
    location: location
    name: 'stportage${token}'
    sku: storageSku
    containers: separateRawAccount ? [
      packageContainer
    ] : concat([
      packageContainer
    ], dataContainers)
    queues: [
      'extract'
      'extract-poison'
      'import'
      'import-poison'
    ]
    tables: concat(stateTables, idMapTables)
    retention: separateRawAccount ? [] : dataRetention
    undeleteDays: undeleteDays
    appSubnetId: network.outputs.appSubnetId
    operatorAddresses: operatorAddresses
    privateOnly: privateEndpoints
    workspaceId: monitoring.outputs.workspaceId
    tags: tags
  }
}

module raw 'modules/storage.bicep' = if (separateRawAccount) {
  name: 'raw'
  params: {
    location: location
    name: 'straw${token}'
    sku: storageSku
    containers: dataContainers
    queues: []
    tables: []
    retention: dataRetention
    undeleteDays: undeleteDays
    appSubnetId: network.outputs.appSubnetId
    operatorAddresses: operatorAddresses
    privateOnly: privateEndpoints
    workspaceId: monitoring.outputs.workspaceId
    tags: tags
  }
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  params: {
    location: location
    name: 'kv-portage-${token}'
    undeleteDays: vaultUndeleteDays
    appSubnetId: network.outputs.appSubnetId
    operatorAddresses: operatorAddresses
    privateOnly: privateEndpoints
    workspaceId: monitoring.outputs.workspaceId
    tags: tags
  }
}

module configuration 'modules/configuration.bicep' = {
  name: 'configuration'
  params: {
    location: location
    name: 'appcs-portage-${token}'
    plans: plans
    settings: settings
    writeValues: writeConfiguration
    tags: tags
  }
}

module access 'modules/access.bicep' = {
  name: 'access'
  params: {
    stateAccountName: state.outputs.name
    rawAccountName: separateRawAccount ? raw.outputs.name : state.outputs.name
    vaultName: vault.outputs.name
    configurationName: configuration.outputs.name
    appPrincipalId: identity.outputs.principalId
    secretOfficersGroupId: secretOfficersGroupId
    dataOfficersGroupId: dataOfficersGroupId
  }
}

module private 'modules/private.bicep' = if (privateEndpoints) {
  name: 'private'
  params: {
    location: location
    networkId: network.outputs.networkId
    subnetId: network.outputs.endpointSubnetId
    stateAccountId: state.outputs.id
    rawAccountId: separateRawAccount ? raw.outputs.id : ''
    vaultId: vault.outputs.id
    tags: tags
  }
}

module function 'modules/function.bicep' = {
  name: 'function'
  params: {
    location: location
    name: 'func-portage-${token}'
    planName: 'plan-${label}'
    identityName: identity.outputs.name
    stateAccountName: state.outputs.name
    rawAccountName: separateRawAccount ? raw.outputs.name : state.outputs.name
    packageContainer: packageContainer
    vaultUrl: vault.outputs.url
    configurationEndpoint: configuration.outputs.endpoint
    insightsName: monitoring.outputs.insightsName
    subnetId: network.outputs.appSubnetId
    instanceMemoryMb: instanceMemoryMb
    maximumInstances: maximumInstances
    alwaysReady: alwaysReady
    signInClientId: signInClientId
    tags: tags
  }
  dependsOn: [
    access
    private
  ]
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  params: {
    location: location
    name: label
    insightsId: monitoring.outputs.insightsId
    emails: alertEmails
    enabled: alertsEnabled
    tags: tags
  }
}

module workbook 'modules/workbook.bicep' = {
  name: 'workbook'
  params: {
    location: location
    displayName: 'Portage (${environmentName})'
    insightsId: monitoring.outputs.insightsId
    tags: tags
  }
}

output AZURE_LOCATION string = location
output SERVICE_API_NAME string = function.outputs.name
output SERVICE_API_URI string = function.outputs.url
output PORTAGE_URL string = function.outputs.url
output PORTAGE_OUTBOUND_ADDRESS string = network.outputs.outboundAddress
output PORTAGE_KEY_VAULT_NAME string = vault.outputs.name
output PORTAGE_APP_CONFIG_NAME string = configuration.outputs.name
output PORTAGE_STATE_ACCOUNT string = state.outputs.name
output PORTAGE_RAW_ACCOUNT string = separateRawAccount ? raw.outputs.name : state.outputs.name
